"""The command ``mnistreport``, also as ``python -m mnistreport``."""


def main() -> None:
    """Run the command line."""
    from mnistreport.search_path import clean_process

    clean_process()  # before anything else is imported
    from mnistreport.processes import end_when_asked

    end_when_asked()  # also while the commands are loaded
    from mnistreport.cli import main

    main()


if __name__ == "__main__":
    main()

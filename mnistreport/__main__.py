"""The command ``mnistreport``, also as ``python -m mnistreport``."""

from mnistreport.processes import end_when_asked


def main() -> None:
    """Run the command line."""
    end_when_asked()  # also while the commands are loaded
    from mnistreport.cli import main

    main()


if __name__ == "__main__":
    main()

"""``python -m mnistreport``: the same as the command ``mnistreport``."""

from mnistreport.processes import end_when_asked

if __name__ == "__main__":
    end_when_asked()  # also while the commands are loaded
    from mnistreport.cli import main

    main()

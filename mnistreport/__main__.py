"""``python -m mnistreport``: the same as the command ``mnistreport``."""

from mnistreport.cli import main

if __name__ == "__main__":
    main()

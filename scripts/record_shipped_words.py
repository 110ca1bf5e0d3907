"""Enter the insights that the program ships now among those that it ever shipped.

    .venv/bin/python scripts/record_shipped_words.py

To be run after a text in ``templates/insights`` was changed, so that a report can tell it from
words that a person has written. Earlier texts stay: somebody's project still has them.
"""

import json

from mnistreport.report.shipped_words import DIGESTS, digest_words
from mnistreport.resources import find_resource


def main() -> None:
    """Add the digests that are missing, and say how many there were."""
    known = set(json.loads(DIGESTS.read_bytes()))
    paths = find_resource("templates/insights").glob("*.md.j2")
    shipped = {digest_words(path.read_text("utf-8")) for path in paths}
    DIGESTS.write_text(json.dumps(sorted(known | shipped), indent=1) + "\n", "utf-8")
    print(f"{len(shipped - known)} of {len(shipped)} texts are new in {DIGESTS}")


if __name__ == "__main__":
    main()

"""The commands about what is handed in."""

from mnistreport.cli_frame import errors_told, gather_options, listening, say
from mnistreport.cli_options import (
    DEFAULT_MANIFEST,
    AllowDigits,
    AllowFalseClaims,
    AllowOutdated,
    AllowPlaceholders,
    AllowStale,
    AllowUnmet,
    AllowUnread,
    AllowUnsourced,
    AllowUnverified,
    Cache,
    Data,
    Debug,
    Kind,
    Manifest,
    Output,
)


def pack(
    manifest: Manifest = DEFAULT_MANIFEST,
    data: Data = None,
    output: Output = None,
    cache: Cache = None,
    allow_outdated: AllowOutdated = False,
    allow_false_claims: AllowFalseClaims = False,
    allow_unread: AllowUnread = False,
    allow_stale: AllowStale = False,
    allow_unsourced: AllowUnsourced = False,
    allow_unmet: AllowUnmet = False,
    allow_unverified: AllowUnverified = False,
    allow_digits: AllowDigits = False,
    allow_placeholders: AllowPlaceholders = False,
    debug: Debug = False,
) -> None:
    """Write the zip to hand in, unless something speaks against it; makes no document anew."""
    with errors_told(debug), listening(Kind.plain) as listener:
        from mnistreport.console import write_note
        from mnistreport.packing import FLAGS, pack_submission

        given = {
            "outdated": allow_outdated,
            "claim": allow_false_claims,
            "unread": allow_unread,
            "stale": allow_stale,
            "number": allow_unsourced,
            "rubric": allow_unmet,
            "unverified": allow_unverified,
            "digits": allow_digits,
            "placeholders": allow_placeholders,
        }
        allowed = {kind for kind, is_given in given.items() if is_given}
        options = gather_options(manifest, data, output, cache, None)
        packed = pack_submission(options, allowed, listener)
        for each in packed.overridden:
            write_note(f"overridden by {FLAGS[each.kind]}: {each.problem}")
        for path in packed.others:
            write_note(f"{path} lies there, too, and stays; hand in only one of them")
        say(packed.path)
        for line in packed.listing.splitlines():
            say(f"  {line}")

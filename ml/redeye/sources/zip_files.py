"""What a source asks of a ZIP file before it reads it: a small one can unpack to more than the memory holds."""

from __future__ import annotations

import zipfile
from pathlib import Path

from redeye.foundation.errors import DeliveryError

# Tables of text pack to a tenth; deflate gets to a thousandth, of nothing but one letter.
MOST_RATIO = 200


def check_unpacked_size(path: Path, inside: zipfile.ZipInfo, most_bytes: int) -> None:
    """Refuse a file within a ZIP that unpacks to more than it may, before any of it is unpacked.

    `zipfile` reads no more of it than the size that it states. Methods other than deflate unpack a whole piece at once.

    Args:
        path: the ZIP, for the message.
        inside: the file in it.
        most_bytes: how many bytes it may have unpacked.

    Raises:
        DeliveryError: naming both.
    """
    if inside.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        reason = "is packed by another method than deflate"
    elif inside.file_size > min(most_bytes, MOST_RATIO * max(inside.compress_size, 1)):
        reason = (
            f"unpacks to {inside.file_size / 1e6:.0f} MB from {inside.compress_size / 1e6:.3f} MB; it may have at most "
            f"{most_bytes / 1e6:.0f} MB, and {MOST_RATIO} times its packed size"
        )
    else:
        return
    raise DeliveryError(f"{path}: {inside.filename} {reason}: download it again")

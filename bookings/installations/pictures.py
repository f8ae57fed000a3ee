"""Pictures that people send: read, turned upright, made smaller and written anew as JPEG.

What is kept is drawn from the pixels alone: no place where a photo was taken, nothing that hides
behind a picture.
"""

import base64
import binascii
from io import BytesIO

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP")
MOST_BYTES = 12_000_000  # of what is sent
MOST_PIXELS = 50_000_000
LONGEST_SIDE = 1_600  # pixels of what is kept
MEDIA_TYPE = "image/jpeg"
DATA_URL = "data:image/png;base64,"


def redrawn(file):
    """The JPEG of a picture in an open binary file, as bytes. Raises ValidationError."""
    if getattr(file, "size", 0) > MOST_BYTES:
        raise ValidationError(_("A picture has 12 MB at most."))
    try:
        with Image.open(file, formats=FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise ValidationError(_("This picture has too many pixels."))
            # A large JPEG is read at a fraction of its size already.
            picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            upright = ImageOps.exif_transpose(picture).convert("RGBA")
    except ValidationError:
        raise
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as problem:
        text = _("This is no JPEG, PNG or WebP picture that can be read.")
        raise ValidationError(text) from problem
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    paper = Image.new("RGB", upright.size, "white")
    paper.paste(upright, mask=upright.getchannel("A"))
    written = BytesIO()
    paper.save(written, "JPEG", quality=82)
    return written.getvalue()


def drawn(text):
    """The JPEG of what was drawn on a canvas, sent as a data URL. Raises ValidationError."""
    if not text.startswith(DATA_URL) or len(text) > MOST_BYTES:
        raise ValidationError(_("The signature could not be read: draw it again."))
    try:
        content = base64.b64decode(text.removeprefix(DATA_URL), validate=True)
    except (binascii.Error, ValueError) as problem:
        raise ValidationError(_("The signature could not be read: draw it again.")) from problem
    return redrawn(BytesIO(content))

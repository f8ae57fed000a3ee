"""The files that a PDF may open. Nothing else is: no URL, and no path that came from data.

A template names a file ("font:sans", "company:logo", "static:img/stamp.png"); `path_of` knows what
stands behind the name. xhtml2pdf asks it first, and its resource policy, which also holds where
xhtml2pdf does not ask, allows what `path_of` can answer and no more.
"""

from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.utils._os import safe_join
from xhtml2pdf.config.resources import ResourceAccessPolicy

from . import look

FONTS = {
    "font:sans": look.FONTS[look.FACE],
    "font:sans-bold": look.FONTS[look.BOLD],
    "font:sans-italic": look.FONTS[look.ITALIC],
    "font:serif": look.FONTS[look.TITLE],
}
LOGO = "company:logo"
STATIC = "static:"
# What an unknown name is answered with: it names no file, and the policy refuses it.
NOTHING = "refused:"


def path_of(name, relative_to=None):
    """The file that a document means by `name`; NOTHING where it may open none."""
    if name in FONTS:
        return str(FONTS[name])
    if name == LOGO and settings.COMPANY_LOGO:
        return str(settings.COMPANY_LOGO)
    if isinstance(name, str) and name.startswith(STATIC):
        return static_file(name.removeprefix(STATIC))
    return NOTHING


def static_file(name):
    for folder in settings.STATICFILES_DIRS:
        try:
            path = Path(safe_join(folder, name))
        except (SuspiciousFileOperation, ValueError):
            continue
        if path.is_file():
            return str(path)
    return NOTHING


@lru_cache
def policy(logo, static_folders):
    roots = (*FONTS.values(), *map(Path, static_folders), *([Path(logo)] if logo else []))
    return ResourceAccessPolicy(
        allow_remote=False,
        base_dir=None,
        extra_roots=roots,
        max_local_bytes=10 * 1024 * 1024,
        max_image_pixels=25_000_000,
        max_depth=200,
        allow_remote_pdf_backgrounds=False,
    )


def the_policy():
    return policy(settings.COMPANY_LOGO, tuple(settings.STATICFILES_DIRS))

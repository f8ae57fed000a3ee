"""What an engineer fills in on the spot: what was fitted, a photo, the customer's signature."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import pictures
from .forms import CompleteForm
from .states import EvidenceKind


class PictureField(forms.FileField):
    """A picture from a phone: its value is the JPEG that is kept of it, as bytes."""

    def __init__(self, *, camera=False, **options):
        attrs = {"accept": "image/jpeg,image/png,image/webp"}
        if camera:
            attrs["capture"] = "environment"
        super().__init__(widget=forms.FileInput(attrs=attrs), required=False, **options)

    def clean(self, data, initial=None):
        file = super().clean(data, initial)
        return pictures.redrawn(file) if file else b""


class WorkForm(CompleteForm):
    """The serial number and vehicle of each piece; a photo, and the signature, drawn or as a
    picture, with the name of who signed; or why one of the two is not there. Its answers are
    `fittings`, `evidence` and `remarks`."""

    photo = PictureField(label=gettext_lazy("Photo of the work"), camera=True)
    signed_by = forms.CharField(
        label=gettext_lazy("Signed by"), max_length=120, required=False, widget=forms.TextInput()
    )
    drawn = forms.CharField(
        label=gettext_lazy("Customer's signature"), required=False, widget=forms.HiddenInput
    )
    signature = PictureField(
        label=gettext_lazy("or a picture of the signature"),
        help_text=gettext_lazy("Where it was signed on paper."),
    )
    without = forms.CharField(
        label=gettext_lazy("Without a photo or a signature: why"), max_length=200, required=False
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        asked = [name for name in self.fields if name.startswith(("serial_", "vehicle_"))]
        self.order_fields([*asked, "photo", "signed_by", "drawn", "signature", "without"])

    def piece_fields(self):
        """The two fields of each piece, as the template lays them out."""
        return [(self[f"serial_{name}"], self[f"vehicle_{name}"]) for _line, name in self.pieces]

    def add_refusals(self, reasons):
        """Say why it can't be completed."""
        text = _("This can't be completed: %(reasons)s.")
        self.add_error(None, text % {"reasons": "; ".join(str(each) for each in reasons)})

    def ask_for_files_again(self):
        """Say at the pictures that were sent that they are chosen anew: no browser keeps them."""
        for name in self.files.keys() & self.fields.keys() - self.errors.keys():
            self.add_error(name, _("Choose the picture again."))

    def clean_drawn(self):
        text = self.cleaned_data["drawn"]
        return pictures.drawn(text) if text else b""

    def clean(self):
        data = super().clean()
        signature = data.pop("drawn", b"") or data.get("signature", b"")
        data.pop("signature", None)
        photo, name = data.pop("photo", b""), data.pop("signed_by", "")
        why = data.pop("without", "")
        if not (photo or why or "photo" in self.errors):
            self.add_error(
                "photo", _("The photo is missing: add it, or say below why there is none.")
            )
        if not (signature or why or {"drawn", "signature"} & self.errors.keys()):
            text = _("The customer's signature is missing: add it, or say below why there is none.")
            self.add_error("signature", text)
        if signature and not name and "signed_by" not in self.errors:
            self.add_error("signed_by", _("Who signed?"))
        data["remarks"] = why
        data["evidence"] = [
            {
                "kind": kind,
                "media_type": pictures.MEDIA_TYPE,
                "content": content,
                "name": name if kind == EvidenceKind.SIGNATURE else "",
            }
            for kind, content in (
                (EvidenceKind.PHOTO, photo),
                (EvidenceKind.SIGNATURE, signature),
            )
            if content
        ]
        return data

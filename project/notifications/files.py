"""Development's mail server: a folder. Each message is a file that a mail program opens."""

from pathlib import Path

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.text import get_valid_filename


class EmailBackend(BaseEmailBackend):
    def send_messages(self, email_messages):
        folder = Path(settings.EMAIL_FILE_PATH)
        folder.mkdir(parents=True, exist_ok=True)
        for email in email_messages:
            message = email.message()
            # Named after the message, so that one sent twice is there once, as with a receiver.
            name = get_valid_filename(message["Message-ID"].strip("<>").partition("@")[0])
            (folder / f"{name}.eml").write_bytes(message.as_bytes(linesep="\r\n"))
        return len(email_messages)

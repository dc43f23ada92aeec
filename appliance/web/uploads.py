"""Files in forms: a view that takes some says how many bytes; they go straight to where they are kept, and nowhere else first.

    @blueprint.post('/<int:person_id>/photo')
    @allowed(*EVERYBODY)
    @takes_files(PHOTO_BYTES)

Every other view takes BODY_BYTES in all. nginx lets through as much for the addresses of these views only (ansible/roles/webserver).
"""

from flask import Request, current_app

from appliance.core.errors import Invalid
from appliance.core.i18n import texts
from appliance.core.limits import BODY_BYTES, FILES_A_REQUEST, FORM_AROUND_BYTES
from appliance.core.storage import Incoming

_ = texts(__name__)


def takes_files(most):
    """The view takes files of so many bytes together, streamed to the disk as they come."""
    def mark(view):
        view.file_bytes = most
        return view
    return mark


def file_bytes(endpoint):
    """How many bytes of files the view of an endpoint takes; 0 for one that takes none."""
    return getattr(current_app.view_functions.get(endpoint), 'file_bytes', 0)


def body_bytes(endpoint):
    """How large a request's body may be."""
    most = file_bytes(endpoint)
    return most + FORM_AROUND_BYTES if most else BODY_BYTES


class UploadRequest(Request):
    """A request whose files are written to core.storage while they arrive; what a view does not keep is gone at its end."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._incoming = []

    def _get_file_stream(self, total_content_length, content_type, filename=None, content_length=None):
        most = file_bytes(self.endpoint)
        if not most:
            return super()._get_file_stream(total_content_length, content_type, filename, content_length)
        if len(self._incoming) >= FILES_A_REQUEST:
            raise Invalid(_('Send at most %(most)s files at once.', most=FILES_A_REQUEST), field='file')
        received = sum(one.size for one in self._incoming)
        rest = max(0, (total_content_length or most) - received)
        self._incoming.append(Incoming(most - received, expected=min(rest, most)))
        return self._incoming[-1]

    def close(self):
        """At the end of the request, whatever became of it."""
        super().close()
        for one in self._incoming:
            one.close()

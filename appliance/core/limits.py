"""Every bound of the portal by name. README names those that an administrator meets."""

BODY_BYTES = 1 << 20            # a request's body, unless it is a file
REQUEST_KEY_LENGTH = 100        # characters
LOGIN_LENGTH = 100
NAME_LENGTH = 200
MAIL_LENGTH = 254               # RFC 5321: a path of 256 with its brackets
PHONE_LENGTH = 50
TITLE_LENGTH = 200
PASSWORD_LENGTH = 256           # argon2 would take more, but a login must cost no more than it must
PASSWORD_SHORTEST = 8
REASON_LENGTH = 1000
SEARCH_LENGTH = 100
PAGE_ROWS = 50
SESSIONS_A_PERSON = 50
REMEMBERED_DAYS = 90            # the longest that a browser is remembered without being used
DEPARTMENTS_DEEP = 20
PHOTO_BYTES = 20 << 20          # a picture as a camera makes it; what is kept of it is far smaller
ATTACHMENT_BYTES = 100 << 20
ATTACHMENTS_AN_OBJECT = 100
FILES_A_REQUEST = 20
FILE_NAME_BYTES = 255           # what file systems take
FORM_AROUND_BYTES = 64 << 10    # what an upload's form holds besides the file
SPARE_BYTES = 64 << 20          # of the disk that files leave to the database
PICTURE_PIXELS = 80_000_000     # what is opened at all

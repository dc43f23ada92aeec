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
LIVE_DATA_BYTES = 2048          # of a note to open tabs, as JSON
LIVE_CHANNELS = 1000            # of one note
LIVE_READ = 1000                # notes read at once
LIVE_KEPT = 5000                # notes in the memory of the process live, to resume from
LIVE_PAGE_S = 300               # how long a page's token opens its channel; then the page fetches another
LIVE_PAGES = 20                 # page channels of one stream
STREAMS_A_SESSION = 3           # a browser has one; without SharedWorker each tab, and the fourth polls
STREAM_BUFFER_BYTES = 64 << 10  # what a slow reader may leave unread before he is cut, to resume

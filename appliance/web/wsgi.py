"""What Gunicorn serves: `appliance.web.wsgi:app`. Reads the configuration, opens the database, refuses a schema that is not ours."""

from appliance.core import config as configuration
from appliance.core import db, migrations, sealing
from appliance.web.app import create_app


def open_portal(config):
    """Load the key, open the database and check its schema. StartError says what is wrong."""
    sealing.use_key(sealing.read_key(config.secrets.key_file))
    db.open_database(config.database.url, config.database.password_file, connections=config.server.threads + 1)
    migrations.require_current()


def start():
    """The application of the configuration that $APPLIANCE_CONFIG names."""
    config = configuration.load()
    open_portal(config)
    return create_app(config)


app = start()

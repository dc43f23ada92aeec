"""The web application of the configuration that $APPLIANCE_CONFIG names, for any WSGI server: `appliance.web.wsgi:app`."""

from appliance.core import config as configuration
from appliance.core import bus, db, migrations, sealing, storage, switch
from appliance.web.app import create_app


def start():
    """Load the key, open the database, check its schema and make the application. StartError says what is wrong."""
    config = configuration.load()
    bus.use(config.run_folder)
    sealing.use_key(sealing.read_key(config.secrets.key_file))
    storage.use_folder(config.data.folder)
    db.open_database(config.database.url, config.database.password_file, connections=config.server.threads + 1)
    with db.connected():
        migrations.require_current()
        switch.load()
    return create_app(config)


def __getattr__(name):
    """`app` is made when a server asks for it, so that importing this module opens nothing."""
    if name == 'app':
        return globals().setdefault('app', start())
    raise AttributeError(name)

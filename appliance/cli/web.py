"""`appliance web`: the web process, Gunicorn with the settings that measurements chose (design section 3)."""

import gc
import os

import click
from gunicorn.app.base import BaseApplication

from appliance.cli.context import opened, set_up_logging
from appliance.core import config as configuration
from appliance.core import db, processes
from appliance.core.limits import REQUEST_LINE_BYTES, TICKET_BYTES
from appliance.web.worker import Watch
from appliance.web.wsgi import start

# Without it one worker may hold every keep-alive connection: a third of the throughput.
CONNECTIONS_A_WORKER = 24


class Web(BaseApplication):
    """Gunicorn without its own command line and files: our configuration is the only one."""

    def __init__(self, config):
        self.portal, self.watch = config, Watch()
        super().__init__()

    def load_config(self):
        """Set what differs from Gunicorn's defaults. Sockets passed by systemd win over `bind`."""
        server = self.portal.server
        for name, value in (_for_tickets(self.portal) | {
            'bind': [server.address, server.admin_address],
            'worker_class': 'gthread',
            'workers': server.workers,
            'threads': server.threads,
            'worker_connections': CONNECTIONS_A_WORKER,
            'control_socket_disable': True,
            'limit_request_line': REQUEST_LINE_BYTES,       # a batch by GET
            'umask': 0o007,                     # an admin socket is for the service's own group
            'proc_name': 'appliance-web',
            'forwarded_allow_ips': '',          # appliance.web.proxies decides whom to believe
            'accesslog': None,                  # our own lines mask secrets
            'errorlog': '-',
            'loglevel': self.portal.log.level,
            'timeout': 60,
            'graceful_timeout': 15,
            'pre_fork': _before_fork,
            'post_fork': _after_fork,
            'post_worker_init': self._begin,
            'worker_exit': self._end,
        }).items():
            self.cfg.set(name, value)

    def load(self):
        """The application, made in each worker: a HUP loads the tools anew. The shell itself was imported by the master, so
        that workers share its memory and a new one serves in a fraction of a second.
        """
        return start()

    def _begin(self, worker):
        self.watch.start(worker)

    def _end(self, arbiter, worker):
        self.watch.end(worker)


@click.command('web')
def command():
    """Serve the pages until stopped. HUP reloads without losing a request."""
    with opened() as config:
        pass
    db.database.close()     # a connection must not be shared with the workers
    # The workers read the same file, also after a HUP.
    os.environ['APPLIANCE_CONFIG'] = str(config.path)
    with processes.running(config.data.folder):
        Web(config).run()


def _for_tickets(portal):
    """Gunicorn's settings where browsers show tickets: one fills a header as long as all others together may be otherwise. Fewer headers make up for it."""
    return {'limit_request_field_size': TICKET_BYTES + 100, 'limit_request_fields': 60} if portal.sso.keytab else {}


def _before_fork(arbiter, worker):
    # Untouched by the collector from here, what the master imported stays shared with its workers.
    gc.collect()
    gc.freeze()


def _after_fork(arbiter, worker):
    set_up_logging(configuration.load().log)

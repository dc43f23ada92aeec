"""The unit of all figures: a bare Flask hello under the Gunicorn of `appliance web`. Run as: python -m tests.bench.hello CONFIG"""
import sys
from pathlib import Path

from flask import Flask

from appliance.cli.web import Web
from appliance.core import config


class Hello(Web):
    """The same server settings, another application; it knows no portal, so it tells no table that it lives."""

    def load_config(self):
        super().load_config()
        for hook in ('post_fork', 'post_worker_init', 'worker_exit'):
            self.cfg.set(hook, self.cfg.settings[hook].default)

    def load(self):
        app = Flask('hello')
        app.add_url_rule('/', view_func=lambda: 'hello')
        return app


if __name__ == '__main__':
    Hello(config.load(Path(sys.argv[1]))).run()

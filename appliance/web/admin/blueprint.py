"""The one blueprint of all pages below /admin but the set-up."""

from flask import Blueprint

blueprint = Blueprint('admin', __name__, url_prefix='/admin')

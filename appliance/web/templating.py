"""The Jinja environment of the pages: as safe as Jinja's own, and without its detours on the way to each piece of a page.

Autoescaping makes a Markup of every value it writes, which a page of 50 rows does some 700 times only to join them: a fifth of
that page's cost. What is written out is escaped just the same, but stays plain text.

At every call Jinja asks what is called whether it wants the context, and copies the context where a block or a loop has variables
of its own: a seventh of a page of work time. Of all that our templates call only the texts want it, and a text without values
needs no more than the template's tool, which is known beforehand.

A page goes out as bytes, of which most pieces are ASCII and quickly made, and the long ones are kept (kept.py).
"""

from keyword import iskeyword

import flask.templating
from jinja2 import Template, nodes
from jinja2.compiler import CodeGenerator
from markupsafe import Markup, escape

from appliance.core import i18n
from appliance.web.kept import Kept, Page

try:
    from markupsafe._speedups import _escape_inner as escape_text
except ImportError:     # a machine without the compiled part
    from markupsafe._native import _escape_inner as escape_text


def written(value):
    """What autoescaping writes for a value: markup as it is, all else escaped."""
    kind = type(value)
    if kind is str:
        return escape_text(value)
    if kind is int:
        return str(value)
    return value if kind is Markup or kind is Kept else escape(value)


class Generator(CodeGenerator):
    """Jinja's compiler of templates, where these escape: it calls `written` where it would call `escape` on what goes to the page at
    once, and calls without asking whether what is called wants the context.
    """

    def _output_child_pre(self, node, frame, finalize):
        if not _escapes(frame):
            super()._output_child_pre(node, frame, finalize)
            return
        # A text of ours is markup already.
        self.write('(' if _is_plain_text(node) else 'environment.written(')
        if finalize.src is not None:
            self.write(finalize.src)

    def visit_Call(self, node, frame, forward_caller=False):
        """A call: of a text by its tool, of what else wants the context with it, of all the rest as it stands."""
        if not _escapes(frame) or node.dyn_args or node.dyn_kwargs or any(iskeyword(one.key) for one in node.kwargs):
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        if _is_plain_text(node):
            self.write(f'environment.text({i18n.domain_of_template(self.name)!r}, {node.args[0].value!r})')
            return
        self.visit(node.node, frame)
        self.write('(')
        if isinstance(node.node, nodes.Name) and hasattr(self.environment.globals.get(node.node.name), 'jinja_pass_arg'):
            self.write('context, ')
        for argument in (*node.args, *node.kwargs):
            self.visit(argument, frame)
            self.write(', ')
        self.write('caller=caller)' if forward_caller else ')')


def _escapes(frame):
    return frame.eval_ctx.autoescape and not frame.eval_ctx.volatile


def _is_plain_text(node):
    """Whether it is `_('...')`, without values."""
    return (isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name == '_' and len(node.args) == 1
            and isinstance(node.args[0], nodes.Const) and not (node.kwargs or node.dyn_args or node.dyn_kwargs))


class PageTemplate(Template):
    """A template whose page keeps the pieces that it is made of."""

    def render(self, *args, **kwargs):
        """The Page."""
        try:
            pieces = list(self.root_render_func(self.new_context(dict(*args, **kwargs))))
        except Exception:
            self.environment.handle_exception()
        page = Page(''.join(pieces))
        page.pieces = pieces
        return page


class Environment(flask.templating.Environment):
    """Flask's environment with that compiler and those pages."""

    code_generator_class = Generator
    template_class = PageTemplate
    written = staticmethod(written)
    text = staticmethod(i18n.marked)

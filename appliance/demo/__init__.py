"""The demo company, for trying out, developing and testing. It refuses to enter an installed box."""

"""/rest: the methods, answered over HTTP. Who comes with a token is its person to the methods of its scopes; the cookie counts for nothing."""

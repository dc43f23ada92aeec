"""Logins against a company's directory (LDAP): the client, the mapping of entries to people, the rules that manage rows."""

"""Single sign-on: a browser of the company's domain shows a Kerberos ticket (SPNEGO, RFC 4559), checked here by a keytab.

What stands before the portal is not asked who somebody is: no header but the ticket itself is believed. NTLM is refused.
"""

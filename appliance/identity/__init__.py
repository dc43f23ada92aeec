"""Who somebody is: accounts, passwords, sessions, directories. Knows no HTTP."""

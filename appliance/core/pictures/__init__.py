"""Pictures that people send: opened in a process that can reach nothing, and written anew. `reading` is the portal's side, `child`
what runs on the other."""

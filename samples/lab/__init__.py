"""The laboratory in which `samples/record` makes the captures.

Three hosts (client, router, server), each a network namespace of its own, joined by wires with a delay. Everything
belongs to the recording process: no namespace has a name, no interface of the machine is touched, and all of it is
gone when the process ends, however it ends. Nothing here knows tcpautopsy: a sample shows what the kernel did.
"""

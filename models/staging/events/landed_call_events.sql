{{ read_landing(source('landing', 'call_events')) }}

{{ read_landing(source('landing', 'message_events')) }}

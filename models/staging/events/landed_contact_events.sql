{{ read_landing(source('landing', 'contact_events')) }}

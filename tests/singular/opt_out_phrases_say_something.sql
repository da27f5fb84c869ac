{{ config(severity='warn') }}
-- Phrases of nothing but signs: they match no message.
select
    phrase,
    match
from {{ ref('opt_out_phrases') }}
where {{ normal_text('phrase') }} = ''

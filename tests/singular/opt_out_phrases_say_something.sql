{{ config(severity='warn') }}
-- Phrases of punctuation only, which match no message.
select
    phrase,
    match
from {{ ref('opt_out_phrases') }}
where {{ normal_text('phrase') }} = ''

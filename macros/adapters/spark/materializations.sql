{# Writes incremental models whole, since Parquet tables cannot be updated in place. #}
{% materialization incremental, adapter='spark' %}
    {{ return(materialization_table_spark()) }}
{% endmaterialization %}


{# A table function with parameters such as `account` and `campaign := null`. #}
{% materialization table_function, adapter='spark' %}
    {%- set parameters = [] -%}
    {%- for parameter in config.require('parameters') -%}
        {%- do parameters.append(parameter | replace(' := ', ' string default ') if ' := ' in parameter else parameter ~ ' string') -%}
    {%- endfor -%}
    {%- set function = this.incorporate(type='view') -%}
    {{ run_hooks(pre_hooks) }}
    {% call statement('main') %}
        create or replace function {{ function }} ({{ parameters | join(', ') }})
        returns table
        return
        {{ sql }}
    {% endcall %}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [function]}) }}
{% endmaterialization %}

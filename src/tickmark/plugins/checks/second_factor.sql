-- says:      Every open account of a human has a second factor of its own, and no rule leaves it out.
-- supports:  AC-02
-- reads:     accounts
-- drives:    accounts
-- pass second_factor: A second factor is set, and no rule leaves the account out.
-- fail no_second_factor: No second factor is set.
-- fail exempt: The rule that asks for a second factor leaves the account out.
-- fail shared: Several people share the account: it is nobody's own, whatever its factor.
-- not_applicable closed: The account is closed.
-- not_applicable not_opened: The account was never opened.
-- not_applicable service: A program uses the account; nobody signs in with it.
-- not_applicable breakglass: The account is for an emergency, under a control of its own.
-- undetermined kind_unknown: Nobody knows whether a human, several or a program uses the account.
-- undetermined state_unknown: Nobody could see whether the account is open.
-- undetermined factor_unknown: Nobody could see whether a second factor is set.
-- undetermined exempt_unknown: Nobody could see whether a rule leaves the account out.
select row_key as item, case
        when state in ('disabled', 'deleted') then 'closed'
        when state = 'staged' and last_login_at is null then 'not_opened'
        when kind in ('service', 'bot') then 'service'
        when kind = 'breakglass' then 'breakglass'
        when state is null then 'state_unknown'
        when kind is null then 'kind_unknown'
        when kind = 'shared' then 'shared'
        when not mfa then 'no_second_factor'
        when mfa_exempt then 'exempt'
        when mfa is null then 'factor_unknown'
        when mfa_exempt is null then 'exempt_unknown'
        else 'second_factor' end as cause,
       concat_ws(', ', login, kind, 'held by ' || person, 'last log-in ' || local_day(last_login_at)::varchar) as detail
from accounts

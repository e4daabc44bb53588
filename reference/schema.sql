-- Velocity's tables. The service (the owner of the tables) passes by row-level security; requests of people run as
-- `authenticated`, with the user's id in the setting `request.user_id`, and strangers' as `anon`. The policies decide.

create function request_user_id() returns uuid language sql stable
return nullif(current_setting('request.user_id', true), '')::uuid;

-- Which migrations this database has had. A real one has many; this file is the only one of the reference platform.
create table schema_migrations (version text primary key, applied_at timestamptz not null default now());
insert into schema_migrations (version) values ('20261101090000');

create table users (
    id uuid primary key default gen_random_uuid(),
    email text not null unique,
    password_hash text not null,
    created_at timestamptz not null default now()
);

create table projects (
    id uuid primary key default gen_random_uuid(),
    owner_id uuid not null default request_user_id() references users on delete cascade,
    name text not null check (length(name) between 1 and 100),
    description text not null default '' check (length(description) <= 2000),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index on projects (owner_id, created_at);

create table files (
    project_id uuid not null references projects on delete cascade,
    path text not null,
    content text not null,
    updated_at timestamptz not null default now(),
    primary key (project_id, path)
);

create table preview_sessions (
    id uuid primary key default gen_random_uuid(),
    project_id uuid not null references projects on delete cascade,
    owner_id uuid not null references users on delete cascade,
    region text not null,
    status text not null check (status in ('creating', 'active', 'ended', 'error')),
    preview_url text not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null
);
create index on preview_sessions (owner_id, status);
create index on preview_sessions (project_id);

-- The error table of the production plan (P 3.1).
create table error_log (
    id bigint generated always as identity primary key,
    "timestamp" timestamptz not null default now(),
    environment text not null,
    severity text not null check (severity in ('debug', 'info', 'warning', 'error', 'critical')),
    code text not null,
    message text not null,
    stack text not null default '',
    context jsonb not null default '{}'
);

create table csp_reports (
    id bigint generated always as identity primary key,
    received_at timestamptz not null default now(),
    report jsonb not null
);

-- Anybody may write to these two, so they keep only their newest thousand rows.
create function forget_oldest() returns trigger language plpgsql security definer set search_path = public as $$
begin
    execute format('delete from %I where id <= (select max(id) from %I) - 1000', tg_table_name, tg_table_name);
    return null;
end $$;
create trigger bounded after insert on error_log for each statement execute function forget_oldest();
create trigger bounded after insert on csp_reports for each statement execute function forget_oldest();

alter table users enable row level security;
alter table projects enable row level security;
alter table files enable row level security;
alter table preview_sessions enable row level security;
alter table error_log enable row level security;
alter table csp_reports enable row level security;

create policy own on users for select to authenticated using (id = request_user_id());
create policy own on projects to authenticated
    using (owner_id = request_user_id()) with check (owner_id = request_user_id());
-- A project that one cannot see is not there for the subquery either.
create policy of_own_projects on files to authenticated
    using (exists (select from projects where projects.id = project_id))
    with check (exists (select from projects where projects.id = project_id));
create policy own on preview_sessions for select to authenticated using (owner_id = request_user_id());
create policy anybody on error_log for insert to anon with check (true);
create policy anybody on csp_reports for insert to anon with check (true);

grant select (id, email, created_at) on users to authenticated;
grant select, delete, insert (name, description), update (name, description, updated_at) on projects to authenticated;
grant select, insert, update, delete on files to authenticated;
grant select on preview_sessions to authenticated;
grant insert on error_log, csp_reports to anon;

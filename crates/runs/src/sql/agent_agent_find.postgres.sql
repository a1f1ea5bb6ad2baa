-- An agent of this name, kind, release and labels.
select agent._key from _agent as agent where agent.tenant_key = $1 and agent.name is not distinct from $2 and agent.kind is not distinct from $3
  and agent.core_version is not distinct from $4 and agent.labels = $5 order by agent._created_at limit 1

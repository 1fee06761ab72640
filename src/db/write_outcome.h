// What statements that write share: the means they get, what they answer.
#pragma once

#include <functional>
#include <string>

#include "db/session_impl.h"

namespace rhizo::db {

// Checks bound on connections of their own: for what commits and merges combine, on any thread.
merge::BindChecks BindChecksOf(engine::Instance* engine);

txn::Transaction::Means MeansFor(Core& core, engine::Instance* engine, const WorkOptions& work);
// The same, with the engine that is started when they are asked for.
std::function<Result<txn::Transaction::Means>()> LateMeansFor(std::shared_ptr<Core> core);
// The table's checks over rows in a schema; null if it has none.
Result<table::CheckRows> ChecksOf(sql::SessionEngine& engine, const model::Schema& schema,
                                  const std::vector<std::string>& checks);
// Runs `body`, which changes the one table of this name, in the open transaction or one of its own,
// and says what became of the table. `found_done`: set by the body if there was nothing to do.
Result<WriteResult> ModifyTable(SessionImpl& session, const model::QualifiedName& name,
                                const std::string& message, const SessionImpl::Body& body,
                                const bool* found_done = nullptr);

merge::RuleSettings RuleSettingsOf(const MergeRules& rules);

// A statement that can be run again: where it meets a conflict it is, on the new head, as long as
// others may be waited for. In an open transaction it is run once.
Result<WriteResult> RunUntilItFits(SessionImpl& session, const WorkOptions& work,
                                   const std::function<Result<WriteResult>()>& statement);

}  // namespace rhizo::db

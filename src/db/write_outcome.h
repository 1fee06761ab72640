// What statements that write share: the means they get, what they answer.
#pragma once

#include <string>

#include "db/session_impl.h"

namespace rhizo::db {

txn::Transaction::Means MeansFor(Core& core, engine::Instance* engine, const WorkOptions& work);
// The table's checks over rows in a schema; null if it has none.
Result<table::CheckRows> ChecksOf(sql::SessionEngine& engine, const model::Schema& schema,
                                  const std::vector<std::string>& checks);
// What the outcome says of the one table it is about.
WriteResult ResultOf(const std::string& name, const SessionImpl::Outcome& outcome);
// The version and commit an unchanged table is at.
Status FillCurrent(SessionImpl& session, WriteResult* result);

}  // namespace rhizo::db

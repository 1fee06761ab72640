// Reads everything that any ref, log entry or recorded version needs and checks that it is what it
// says: hashes, numbering, places, statistics, counts. Finds all faults it can and names for each
// the object and the tables and versions that need it.
#pragma once

#include "engine/instance.h"
#include "rhizo/cancellation.h"
#include "rhizo/types.h"
#include "txn/repository.h"

namespace rhizo::txn {

Result<VerifyReport> VerifyRepository(Repository& repository, engine::Instance* engine,
                                      const WorkOptions& work);

}  // namespace rhizo::txn

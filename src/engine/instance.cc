#include "engine/instance.h"

#include <array>
#include <utility>

#include "engine/errors.h"
#include "engine/function_allow_list.h"
#include "engine/segment_file_system.h"

namespace rhizo::engine {
namespace {

// The C++ interface makes no promise between releases, so the library must be the one whose headers
// this was built with.
constexpr char kSourceId[] = "069cc9f9b5";
constexpr char kDatabaseType[] = "rhizo";

struct Setting {
  const char* name;
  const char* value;
};

// Before opening.
constexpr std::array<Setting, 10> kSettings = {{
    {"allow_community_extensions", "false"},
    {"allow_unsigned_extensions", "false"},
    {"autoinstall_known_extensions", "false"},
    {"autoload_known_extensions", "false"},
    {"allow_persistent_secrets", "false"},
    {"enable_external_file_cache", "false"},  // the table folder caches vectors instead
    {"arrow_lossless_conversion", "true"},
    {"allow_parser_override_extension", "strict"},
    {"errors_as_json", "true"},  // keeps positions; TranslateError reads it
    {"preserve_insertion_order", "true"},
}};

// After the last own step, in this order.
constexpr std::array<Setting, 2> kLocks = {{
    {"enable_external_access", "false"},
    {"lock_configuration", "true"},
}};

constexpr std::array<const char*, 4> kExtensions = {"core_functions", "parquet", "json", "icu"};

void Configure(const InstanceOptions& options, duckdb::DBConfig* config) {
  config->options.load_extensions = false;
  for (const auto& setting : kSettings) {
    config->SetOptionByName(setting.name, duckdb::Value(setting.value));
  }
  config->options.use_temporary_directory = !options.temp_directory.empty();
  config->options.temporary_directory = options.temp_directory;
  if (options.memory_limit_bytes > 0) config->options.maximum_memory = options.memory_limit_bytes;
  if (options.threads > 0) {
    config->SetOptionByName("threads", duckdb::Value::BIGINT(options.threads));
  }
  if (options.storage_extension) {
    duckdb::StorageExtension::Register(*config, kDatabaseType, options.storage_extension);
  }
  if (options.parser_extension) {
    duckdb::ParserExtension::Register(*config, *options.parser_extension);
  }
}

std::string MainPath(const InstanceOptions& options) {
  if (!options.storage_extension) return ":memory:";
  return std::string(kDatabaseType) + ":" + options.database_name;
}

Status LoadExtensions(duckdb::DuckDB* duckdb) {
  for (const char* name : kExtensions) {
    auto loaded = duckdb::ExtensionHelper::LoadExtension(*duckdb, name);
    if (loaded != duckdb::ExtensionLoadResult::LOADED_EXTENSION) {
      return Unsupported(std::string("the engine library was built without ") + name);
    }
  }
  return {};
}

std::string Current(duckdb::ClientContext& context, const char* name) {
  duckdb::Value value;
  context.TryGetCurrentSetting(name, value);
  return value.ToString();
}

Status ReadBack(duckdb::ClientContext& context, std::span<const Setting> settings) {
  for (const auto& setting : settings) {
    if (!duckdb::StringUtil::CIEquals(Current(context, setting.name), setting.value)) {
      return Error(ErrorCode::kIo, std::string("the engine did not keep its setting ") +
                                       setting.name + " = " + setting.value);
    }
  }
  return {};
}

// From here on nothing outside is reachable and nothing can be changed.
Status LockDown(duckdb::DuckDB* duckdb) {
  auto& config = duckdb::DBConfig::GetConfig(*duckdb->instance);
  duckdb->GetFileSystem().RegisterSubSystem(MakeSegmentFileSystem());
  config.options.allowed_paths.clear();
  config.options.allowed_directories.clear();
  config.AddAllowedDirectory(kSegmentScheme);
  // The engine's own files alone go there: no statement and no function that opens files is left.
  const auto& spill = config.options.temporary_directory;
  if (!spill.empty()) config.AddAllowedDirectory(spill);
  config.replacement_scans.clear();  // FROM 'file.parquet'

  duckdb::Connection connection(*duckdb);
  auto& context = *connection.context;
  context.RunFunctionInTransaction([&] { DropForbiddenFunctions(context); });
  for (const auto& lock : kLocks) {
    config.SetOptionByName(lock.name, duckdb::Value(lock.value));
  }
  RETURN_IF_ERROR(ReadBack(context, kSettings));
  return ReadBack(context, kLocks);
}

}  // namespace

Result<std::unique_ptr<Instance>> Instance::Start(const InstanceOptions& options) {
  return Guarded([&]() -> Result<std::unique_ptr<Instance>> {
    if (std::string_view(duckdb::DuckDB::SourceID()) != kSourceId) {
      return Unsupported(std::string("the engine library is DuckDB ") +
                         duckdb::DuckDB::LibraryVersion() + " (" + duckdb::DuckDB::SourceID() +
                         "), this build needs source " + kSourceId);
    }
    duckdb::DBConfig config;
    Configure(options, &config);
    std::unique_ptr<Instance> instance(new Instance(MainPath(options), &config));
    RETURN_IF_ERROR(LoadExtensions(&instance->duckdb_));
    // The same statement on the same rows answers the same on every machine.
    duckdb::DBConfig::GetConfig(*instance->duckdb_.instance)
        .SetOptionByName("TimeZone", duckdb::Value("UTC"));
    RETURN_IF_ERROR(LockDown(&instance->duckdb_));
    return instance;
  });
}

Result<std::unique_ptr<duckdb::Connection>> Instance::Connect() {
  return Guarded([&] { return std::make_unique<duckdb::Connection>(duckdb_); });
}

Status Instance::Attach(const std::string& name, const std::string& path) {
  return Guarded([&] {
    duckdb::Connection connection(duckdb_);
    auto& context = *connection.context;
    context.RunFunctionInTransaction([&] {
      duckdb::AttachInfo info;
      info.name = name;
      info.path = path;
      duckdb::AttachOptions attach(duckdb::DBConfig::GetConfig(context).options);
      attach.db_type = kDatabaseType;
      duckdb::DatabaseManager::Get(context).AttachDatabase(context, info, attach);
    });
  });
}

Status Instance::Detach(const std::string& name) {
  return Guarded([&] {
    duckdb::Connection connection(duckdb_);
    auto& context = *connection.context;
    context.RunFunctionInTransaction([&] {
      duckdb::DatabaseManager::Get(context).DetachDatabase(context, name,
                                                           duckdb::OnEntryNotFound::RETURN_NULL);
    });
  });
}

Status Instance::AddFunction(duckdb::TableFunction function) {
  return Guarded([&] {
    duckdb::ExtensionLoader loader(database(), kDatabaseType);
    loader.RegisterFunction(std::move(function));
  });
}

Status Instance::AddFunction(duckdb::ScalarFunction function) {
  return Guarded([&] {
    duckdb::ExtensionLoader loader(database(), kDatabaseType);
    loader.RegisterFunction(std::move(function));
  });
}

}  // namespace rhizo::engine

#include "sql/suffix_syntax.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>
#include <vector>

#include "engine/errors.h"
#include "engine/statement_check.h"

namespace rhizo::sql {
namespace {

using duckdb::idx_t;
using duckdb::ParsedExpression;
using duckdb::ParsedExpressionIterator;
using duckdb::QueryNode;
using duckdb::SimplifiedTokenType;
using duckdb::StatementType;
using duckdb::TableRef;
using Statements = duckdb::vector<duckdb::unique_ptr<duckdb::SQLStatement>>;

// Each suffix costs one more parse of the text.
constexpr size_t kMaxSuffixes = 256;
constexpr char kRefSeparator = ':';

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsWordByte(char c) {
  return IsDigit(c) || duckdb::StringUtil::CharacterIsAlpha(c) || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

std::optional<int64_t> ParseNumber(std::string_view digits) {
  int64_t number = 0;
  auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  bool whole = end == digits.data() + digits.size() && !digits.empty() && IsDigit(digits[0]);
  if (fault != std::errc() || !whole) return std::nullopt;
  return number;
}

[[noreturn]] void SyntaxError(idx_t position, const std::string& message) {
  throw duckdb::ParserException(
      duckdb::Exception::InitializeExtraInfo("SYNTAX_ERROR", duckdb::optional_idx(position)),
      message);
}

// One suffix, in bytes of the text: [start, end) was blanked, the table's name starts at `table`.
struct Suffix {
  idx_t table = 0;
  idx_t start = 0;
  idx_t end = 0;
  VersionSpec spec;
  bool applied = false;
};

duckdb::Value ClauseValue(const VersionSpec& spec) {
  if (!spec.version) return duckdb::Value(spec.ref);
  if (spec.ref.empty()) return duckdb::Value::BIGINT(*spec.version);
  return duckdb::Value(spec.ref + kRefSeparator + std::to_string(*spec.version));
}

// Puts the AT clauses on the tables of a statement, wherever a statement can read one.
class ClauseWriter {
 public:
  explicit ClauseWriter(std::vector<Suffix>* suffixes) {
    for (auto& suffix : *suffixes) by_table_[suffix.table] = &suffix;
  }

  void Visit(duckdb::SQLStatement& statement);

 private:
  void VisitTable(duckdb::BaseTableRef& table) {
    if (!table.query_location.IsValid() || table.at_clause) return;
    auto found = by_table_.find(table.query_location.GetIndex());
    if (found == by_table_.end()) return;
    table.at_clause = duckdb::make_uniq<duckdb::AtClause>(
        "VERSION", duckdb::make_uniq<duckdb::ConstantExpression>(ClauseValue(found->second->spec)));
    found->second->applied = true;
  }

  void VisitPivot(duckdb::PivotRef& pivot) {
    for (auto& column : pivot.pivots) {
      VisitAll(column.pivot_expressions);
      if (column.subquery) VisitNode(*column.subquery);
      for (auto& entry : column.entries) VisitExpression(entry.expr);
    }
  }

  // DuckDB's iterator calls this for every table reference below the one it was given.
  void VisitReference(TableRef& reference) {
    switch (reference.type) {
      case duckdb::TableReferenceType::BASE_TABLE:
        return VisitTable(reference.Cast<duckdb::BaseTableRef>());
      case duckdb::TableReferenceType::PIVOT: return VisitPivot(reference.Cast<duckdb::PivotRef>());
      case duckdb::TableReferenceType::SHOW_REF: {
        auto& show = reference.Cast<duckdb::ShowRef>();
        if (show.query) VisitNode(*show.query);
        return;
      }
      default: return;
    }
  }

  void VisitTree(duckdb::unique_ptr<TableRef>& reference) {
    if (!reference) return;
    ParsedExpressionIterator::EnumerateTableRefChildren(
        *reference, [&](auto& child) { VisitExpression(child); },
        [&](TableRef& child) { VisitReference(child); });
  }

  void VisitNode(QueryNode& node) {
    ParsedExpressionIterator::EnumerateQueryNodeChildren(
        node, [&](auto& child) { VisitExpression(child); },
        [&](TableRef& child) { VisitReference(child); });
  }

  void VisitQuery(duckdb::unique_ptr<duckdb::SelectStatement>& select) {
    if (select && select->node) VisitNode(*select->node);
  }

  void VisitCtes(duckdb::CommonTableExpressionMap& ctes) {
    for (auto& [name, cte] : ctes.map) VisitQuery(cte->query);
  }

  void VisitExpression(duckdb::unique_ptr<ParsedExpression>& expression) {
    if (!expression) return;
    if (expression->GetExpressionClass() == duckdb::ExpressionClass::SUBQUERY) {
      VisitQuery(expression->Cast<duckdb::SubqueryExpression>().subquery);
    }
    ParsedExpressionIterator::EnumerateChildren(
        *expression, [&](duckdb::unique_ptr<ParsedExpression>& child) { VisitExpression(child); });
  }

  void VisitAll(duckdb::vector<duckdb::unique_ptr<ParsedExpression>>& expressions) {
    for (auto& expression : expressions) VisitExpression(expression);
  }

  void VisitSet(duckdb::unique_ptr<duckdb::UpdateSetInfo>& set) {
    if (!set) return;
    VisitExpression(set->condition);
    VisitAll(set->expressions);
  }

  void VisitMacro(duckdb::CreateMacroInfo& info) {
    for (auto& macro : info.macros) {
      if (macro->type == duckdb::MacroType::TABLE_MACRO) {
        VisitNode(*macro->Cast<duckdb::TableMacroFunction>().query_node);
      } else {
        VisitExpression(macro->Cast<duckdb::ScalarMacroFunction>().expression);
      }
    }
  }

  void VisitCreate(duckdb::CreateInfo& info) {
    switch (info.type) {
      case duckdb::CatalogType::TABLE_ENTRY:
        return VisitQuery(info.Cast<duckdb::CreateTableInfo>().query);
      case duckdb::CatalogType::VIEW_ENTRY:
        return VisitQuery(info.Cast<duckdb::CreateViewInfo>().query);
      case duckdb::CatalogType::TYPE_ENTRY: {  // made by PIVOT
        auto& query = info.Cast<duckdb::CreateTypeInfo>().query;
        if (query) Visit(*query);
        return;
      }
      case duckdb::CatalogType::MACRO_ENTRY:
      case duckdb::CatalogType::TABLE_MACRO_ENTRY:
        return VisitMacro(info.Cast<duckdb::CreateMacroInfo>());
      default: return;
    }
  }

  void VisitInsert(duckdb::InsertStatement& insert) {
    VisitQuery(insert.select_statement);
    VisitCtes(insert.cte_map);
    VisitAll(insert.returning_list);
    if (insert.on_conflict_info) {
      VisitSet(insert.on_conflict_info->set_info);
      VisitExpression(insert.on_conflict_info->condition);
    }
  }

  void VisitUpdate(duckdb::UpdateStatement& update) {
    VisitTree(update.from_table);
    VisitSet(update.set_info);
    VisitCtes(update.cte_map);
    VisitAll(update.returning_list);
  }

  void VisitDelete(duckdb::DeleteStatement& statement) {
    for (auto& reference : statement.using_clauses) VisitTree(reference);
    VisitExpression(statement.condition);
    VisitCtes(statement.cte_map);
    VisitAll(statement.returning_list);
  }

  void VisitMerge(duckdb::MergeIntoStatement& merge) {
    VisitTree(merge.source);
    VisitExpression(merge.join_condition);
    VisitCtes(merge.cte_map);
    for (auto& [condition, actions] : merge.actions) {
      for (auto& action : actions) {
        VisitExpression(action->condition);
        VisitSet(action->update_info);
        VisitAll(action->expressions);
      }
    }
    VisitAll(merge.returning_list);
  }

  std::map<idx_t, Suffix*> by_table_;
};

void ClauseWriter::Visit(duckdb::SQLStatement& statement) {
  switch (statement.type) {
    case StatementType::SELECT_STATEMENT:
      return VisitNode(*statement.Cast<duckdb::SelectStatement>().node);
    case StatementType::EXPLAIN_STATEMENT:
      return Visit(*statement.Cast<duckdb::ExplainStatement>().stmt);
    case StatementType::PREPARE_STATEMENT:
      return Visit(*statement.Cast<duckdb::PrepareStatement>().statement);
    case StatementType::MULTI_STATEMENT:
      for (auto& part : statement.Cast<duckdb::MultiStatement>().statements) Visit(*part);
      return;
    case StatementType::CREATE_STATEMENT:
      return VisitCreate(*statement.Cast<duckdb::CreateStatement>().info);
    case StatementType::INSERT_STATEMENT:
      return VisitInsert(statement.Cast<duckdb::InsertStatement>());
    case StatementType::UPDATE_STATEMENT:
      return VisitUpdate(statement.Cast<duckdb::UpdateStatement>());
    case StatementType::DELETE_STATEMENT:
      return VisitDelete(statement.Cast<duckdb::DeleteStatement>());
    case StatementType::MERGE_INTO_STATEMENT:
      return VisitMerge(statement.Cast<duckdb::MergeIntoStatement>());
    case StatementType::CALL_STATEMENT:
      return VisitExpression(statement.Cast<duckdb::CallStatement>().function);
    default: return;
  }
}

struct Token {
  SimplifiedTokenType type;
  idx_t start;
  idx_t end;
};

// End of the quoted name or word at `start`, else of what stands there up to white space.
idx_t TokenEnd(const std::string& text, idx_t start, idx_t next) {
  if (text[start] == '"') {
    for (idx_t i = start + 1; i < next; ++i) {
      if (text[i] != '"') continue;
      if (i + 1 < next && text[i + 1] == '"') {
        ++i;
      } else {
        return i + 1;
      }
    }
    return next;
  }
  idx_t end = start;
  while (end < next && IsWordByte(text[end])) ++end;
  if (end > start) return end;
  end = next;
  while (end > start + 1 && duckdb::StringUtil::CharacterIsSpace(text[end - 1])) --end;
  return end;
}

std::vector<Token> Tokenize(const std::string& text) {
  std::vector<Token> tokens;
  auto raw = duckdb::Parser::Tokenize(text);
  for (size_t i = 0; i < raw.size(); ++i) {
    idx_t next = i + 1 < raw.size() ? raw[i + 1].start : text.size();
    tokens.push_back({raw[i].type, raw[i].start, TokenEnd(text, raw[i].start, next)});
  }
  return tokens;
}

class SuffixParser {
 public:
  SuffixParser(const std::string& text, const duckdb::ParserOptions& options)
      : text_(text), blanked_(text), options_(options) {
    options_.extensions = nullptr;
  }

  Statements Parse() {
    while (true) {
      duckdb::Parser parser(options_);
      try {
        parser.ParseQuery(blanked_);
      } catch (const std::exception& exception) {
        Explain(duckdb::ErrorData(exception));
        continue;
      }
      for (const auto& statement : parser.statements) {
        engine::ThrowIfError(engine::CheckStatement(*statement));
      }
      if (!suffixes_.empty()) Finish(&parser.statements);
      return std::move(parser.statements);
    }
  }

 private:
  // Takes a suffix out of the text if that is what the parser did not like, else throws.
  void Explain(const duckdb::ErrorData& error) {
    auto info = error.ExtraInfo();
    auto position = info.find("position");
    auto subtype = info.find("error_subtype");
    bool is_syntax = subtype != info.end() && subtype->second == "SYNTAX_ERROR";
    if (!is_syntax || position == info.end()) error.Throw();
    idx_t at = ByteOffset(std::stoull(position->second));
    RefuseTail(at);
    auto suffix = suffixes_.size() < kMaxSuffixes ? Recognise(at) : std::nullopt;
    if (!suffix) SyntaxError(at, error.RawMessage());
    // In text that is not UTF-8 the position may name a suffix that is gone already.
    if (blanked_[suffix->start] == ' ') SyntaxError(at, error.RawMessage());
    std::fill(blanked_.begin() + static_cast<std::ptrdiff_t>(suffix->start),
              blanked_.begin() + static_cast<std::ptrdiff_t>(suffix->end), ' ');
    Add(*std::move(suffix));
  }

  // The grammar counts characters, all else (tokens, table positions, messages) counts bytes.
  idx_t ByteOffset(idx_t characters) const {
    idx_t at = 0;
    while (at < blanked_.size() && characters > 0) {
      ++at;
      while (at < blanked_.size() && (static_cast<unsigned char>(blanked_[at]) & 0xc0) == 0x80)
        ++at;
      --characters;
    }
    return at;
  }

  // `t@what-if`: the ref ended before what the user meant.
  void RefuseTail(idx_t at) const {
    for (const auto& suffix : suffixes_) {
      if (suffix.end != at || at >= text_.size() || suffix.spec.version) continue;
      if (text_[at] == '@' || duckdb::StringUtil::CharacterIsSpace(text_[at])) continue;
      SyntaxError(at, "syntax error at or near \"" + text_.substr(at, 1) +
                          "\": put a name with such characters in quotes, as in t@\"a-b\"");
    }
  }

  // `t@ref VERSION n` arrives as two: the second completes the first.
  void Add(Suffix suffix) {
    for (auto& known : suffixes_) {
      if (known.table != suffix.table) continue;
      known.end = suffix.end;
      known.spec.version = suffix.spec.version;
      return;
    }
    suffixes_.push_back(std::move(suffix));
  }

  std::optional<Suffix> Recognise(idx_t at) {
    if (tokens_.empty() && !Tokenized()) return std::nullopt;
    auto token = std::find_if(tokens_.begin(), tokens_.end(),
                              [at](const Token& candidate) { return candidate.start == at; });
    if (token == tokens_.end()) return std::nullopt;
    auto index = static_cast<size_t>(token - tokens_.begin());
    if (text_[at] == '@') return RecogniseRef(index);
    // Where an alias may stand `VERSION` is one, and the number is the fault; else the word is.
    return RecogniseVersion(IsVersionWord(*token) ? index + 1 : index);
  }

  bool Tokenized() {
    try {
      tokens_ = Tokenize(text_);
      return true;
    } catch (const std::exception&) {  // an open quote further on
      return false;
    }
  }

  bool IsName(const Token& token) const {
    if (token.type == SimplifiedTokenType::SIMPLIFIED_TOKEN_IDENTIFIER) return true;
    return token.type == SimplifiedTokenType::SIMPLIFIED_TOKEN_KEYWORD &&
           duckdb::Parser::IsKeyword(Text(token)) != duckdb::KeywordCategory::KEYWORD_RESERVED;
  }

  std::string Text(const Token& token) const {
    return text_.substr(token.start, token.end - token.start);
  }

  // Where the qualified name that ends with token `last` begins.
  idx_t NameStart(size_t last) const {
    while (last >= 2 && Text(tokens_[last - 1]) == "." && IsName(tokens_[last - 2])) last -= 2;
    return tokens_[last].start;
  }

  // The ref at `start`, and where it ends.
  std::optional<std::pair<std::string, idx_t>> ReadRef(idx_t start) const {
    if (start >= text_.size()) return std::nullopt;
    idx_t end = TokenEnd(text_, start, text_.size());
    std::string ref;
    if (text_[start] == '"') {
      for (idx_t i = start + 1; i + 1 < end; ++i) {
        ref += text_[i];
        if (text_[i] == '"') ++i;
      }
    } else if (IsWordByte(text_[start])) {
      ref = text_.substr(start, end - start);
    }
    if (ref.empty() || ref.find(kRefSeparator) != std::string::npos) return std::nullopt;
    return std::make_pair(std::move(ref), end);
  }

  std::optional<Suffix> RecogniseRef(size_t index) const {
    idx_t at = tokens_[index].start;
    if (index == 0 || tokens_[index].end != at + 1 || tokens_[index - 1].end != at) return {};
    if (!IsName(tokens_[index - 1])) return std::nullopt;
    auto ref = ReadRef(at + 1);
    if (!ref) return std::nullopt;
    Suffix suffix;
    suffix.table = NameStart(index - 1);
    suffix.start = at;
    std::tie(suffix.spec.ref, suffix.end) = *std::move(ref);
    AddSteps(&suffix);
    return suffix;
  }

  // `~2` after the ref.
  void AddSteps(Suffix* suffix) const {
    idx_t end = suffix->end;
    if (end >= text_.size() || text_[end] != '~') return;
    ++end;
    while (end < text_.size() && IsDigit(text_[end])) ++end;
    if (end == suffix->end + 1) return;
    suffix->spec.ref += text_.substr(suffix->end, end - suffix->end);
    suffix->end = end;
  }

  std::optional<Suffix> RecogniseVersion(size_t index) const {
    if (index < 2 || index >= tokens_.size() || !IsVersionWord(tokens_[index - 1]))
      return std::nullopt;
    auto version = ParseNumber(Text(tokens_[index]));
    if (!version || !EndsCleanly(tokens_[index])) return std::nullopt;
    auto table = TableBefore(index - 1);
    if (!table) return std::nullopt;
    Suffix suffix;
    suffix.table = *table;
    suffix.start = tokens_[index - 1].start;
    suffix.end = tokens_[index].end;
    suffix.spec.version = version;
    return suffix;
  }

  bool IsVersionWord(const Token& token) const {
    return duckdb::StringUtil::CIEquals(Text(token), "version");
  }

  // Not the 5 of 5.5.
  bool EndsCleanly(const Token& number) const {
    return number.end >= text_.size() || text_[number.end] != '.';
  }

  // The table that token `index` follows, with or without a ref between.
  std::optional<idx_t> TableBefore(size_t index) const {
    const Token& before = tokens_[index - 1];
    for (const auto& suffix : suffixes_) {
      if (before.start < suffix.start || before.end > suffix.end) continue;
      if (suffix.spec.version) return std::nullopt;
      return suffix.table;
    }
    if (!IsName(before)) return std::nullopt;
    return NameStart(index - 1);
  }

  void Finish(Statements* statements) {
    ClauseWriter writer(&suffixes_);
    for (auto& statement : *statements) writer.Visit(*statement);
    for (const auto& suffix : suffixes_) {
      if (suffix.applied) continue;
      SyntaxError(suffix.start,
                  "a version or branch can only be named directly behind a table that is read");
    }
    RestoreText(statements);
  }

  // Statements keep the user's own text.
  void RestoreText(Statements* statements) const {
    size_t from = 0;
    for (auto& statement : *statements) {
      size_t start = blanked_.find(statement->query, from);
      if (start == std::string::npos) return;
      statement->query = text_.substr(start, statement->query.size());
      from = start + statement->query.size();
      if (statement->type == StatementType::CREATE_STATEMENT) {
        statement->Cast<duckdb::CreateStatement>().info->sql = statement->query;
      }
    }
  }

  const std::string& text_;
  std::string blanked_;
  duckdb::ParserOptions options_;
  std::vector<Token> tokens_;
  std::vector<Suffix> suffixes_;
};

duckdb::ParserOverrideResult Override(duckdb::ParserExtensionInfo*, const std::string& query,
                                      duckdb::ParserOptions& options) {
  return duckdb::ParserOverrideResult(ParseStatements(query, options));
}

Error NotAVersion(const duckdb::Value& value) {
  return InvalidArgument("AT (VERSION => " + value.ToSQLString() +
                         "): a version is a number, or the name of a branch, tag or commit");
}

}  // namespace

Result<VersionSpec> ParseVersionValue(const duckdb::Value& value) {
  VersionSpec spec;
  if (value.IsNull()) return NotAVersion(value);
  if (value.type().IsIntegral()) {
    spec.version = ParseNumber(value.ToString());
    if (!spec.version) return NotAVersion(value);
    return spec;
  }
  if (value.type().id() != duckdb::LogicalTypeId::VARCHAR) return NotAVersion(value);
  spec.ref = duckdb::StringValue::Get(value);
  size_t separator = spec.ref.find(kRefSeparator);
  if (separator != std::string::npos) {
    spec.version = ParseNumber(std::string_view(spec.ref).substr(separator + 1));
    if (!spec.version) return NotAVersion(value);
    spec.ref.resize(separator);
  }
  if (spec.ref.empty()) return NotAVersion(value);
  return spec;
}

Statements ParseStatements(const std::string& query, const duckdb::ParserOptions& options) {
  std::string stripped;
  bool changed = duckdb::Parser::StripUnicodeSpaces(query, stripped);
  SuffixParser parser(changed ? stripped : query, options);
  return parser.Parse();
}

duckdb::shared_ptr<duckdb::ParserExtension> MakeParserExtension() {
  auto extension = duckdb::make_shared_ptr<duckdb::ParserExtension>();
  extension->parser_override = Override;
  return extension;
}

}  // namespace rhizo::sql

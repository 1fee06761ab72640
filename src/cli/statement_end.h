// Where SQL that is typed line by line ends.
#pragma once

#include <string_view>

namespace rhizo::cli {

// Does the text end with a `;` that stands outside of quotes, dollar quotes and comments (blanks
// and comments may follow)?
bool EndsStatement(std::string_view text);
// Nothing but blanks and comments?
bool IsBlank(std::string_view text);

}  // namespace rhizo::cli

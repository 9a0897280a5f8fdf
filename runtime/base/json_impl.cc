// Boost.JSON, compiled once here: everybody else includes <boost/json.hpp> as declarations.
#include <boost/json/src.hpp>

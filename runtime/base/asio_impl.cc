// Boost.Asio, compiled once here (BOOST_ASIO_SEPARATE_COMPILATION): everybody else includes its
// headers as declarations.
#include <boost/asio/impl/src.hpp>

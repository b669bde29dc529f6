// The parts of Boost that are no templates, compiled once.

#include <utility>  // asio needs it of g++ 12 and does not include it

#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>

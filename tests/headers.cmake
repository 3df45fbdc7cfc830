# cmake -DSOURCE=DIR -DCC=compiler [-DCXX=compiler] -P headers.cmake
# Each public header compiles alone, twice over, as C11 and as C++17, without a warning. Without CXX one is looked for.
cmake_minimum_required(VERSION 3.16)

set(flags -I${SOURCE}/include -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -fsyntax-only)
file(GLOB headers RELATIVE ${SOURCE}/include ${SOURCE}/include/prune/*.h)

function(check compiler language standard)
  foreach(header ${headers})
    set(file header_${language}.txt)
    file(WRITE ${file} "#include \"${header}\"\n#include \"${header}\"\n")
    execute_process(COMMAND ${compiler} -x ${language} -std=${standard} ${flags} ${ARGN} ${file}
      RESULT_VARIABLE result)
    if(NOT result EQUAL 0)
      message(FATAL_ERROR "${header} does not compile as ${standard}")
    endif()
  endforeach()
  message(STATUS "${compiler}: ${standard}")
endfunction()

check(${CC} c c11 -Wstrict-prototypes)

if(NOT CXX)
  find_program(CXX NAMES c++ g++ clang++)
endif()
if(CXX)
  check(${CXX} c++ c++17 -Wold-style-cast -Wzero-as-null-pointer-constant)
else()
  message(STATUS "no C++ compiler found: C++17 was not tried")
endif()

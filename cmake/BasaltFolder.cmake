# One CMake target per folder: basalt_folder(core/ds DEPS core/base ...) makes basalt_core_ds from every .cc in it.
# A DEPS entry with a slash and no "::" names another folder; anything else is a library target.

set(BASALT_WARNINGS -Wall -Wextra -Wshadow=local -Wno-unused-parameter -Wno-missing-field-initializers)

function(basalt_target_name folder out)
  string(REPLACE "/" "_" name ${folder})
  set(${out} basalt_${name} PARENT_SCOPE)
endfunction()

function(basalt_folder folder)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  basalt_target_name(${folder} target)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cc)
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  if(sources)
    add_library(${target} STATIC ${sources})
    # Where several files are compiled as one (presets ci, asan, tsan), those whose handlers bear the short names of
    # subcommands, as Get and Help, stay by themselves.
    set(subcommands ${sources})
    list(FILTER subcommands INCLUDE REGEX "core/cmd/(server_[a-z_]+|(client|command|config|debug|function|script)_commands)\\.cc$")
    set_source_files_properties(${subcommands} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    set(scope PUBLIC)
    target_compile_options(${target} PRIVATE ${BASALT_WARNINGS})
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${target} ${scope} ${CMAKE_SOURCE_DIR})
  foreach(dep ${ARG_DEPS})
    if(dep MATCHES "^[a-z]+/[a-z]+$")
      basalt_target_name(${dep} dep)
    endif()
    target_link_libraries(${target} ${scope} ${dep})
  endforeach()
endfunction()

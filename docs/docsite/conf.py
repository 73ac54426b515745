# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings of Sphinx for the documentation site; `make docs` builds it."""

from __future__ import annotations

from docutils import nodes

project = "otc.dli"
author = "the otc.dli authors"
html_title = html_short_title = "otc.dli"
html_theme = "sphinx_ansible_theme"
html_show_sphinx = html_show_copyright = html_copy_source = False
html_use_index = False
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme_options = {
    "documentation_home_url": "index.html",
    "topbar_links": {
        "API of Data Lake Insight": "https://docs.otc.t-systems.com/data-lake-insight/api-ref/",
        "Apache Flink": "https://flink.apache.org/",
    },
}

extensions = ["myst_parser", "sphinx_antsibull_ext"]
pygments_style = "ansible"
highlight_language = "YAML+Jinja"
default_role = "any"
# Every link has to lead somewhere.
nitpicky = True
# So that a link such as lifecycle.md#rollback does.
myst_heading_anchors = 3

# What the pages of the modules link to in Ansible's own documentation. Named here, so that building needs no network.
ANSIBLE = "https://docs.ansible.com/projects/ansible/latest/"
ANSIBLE_PAGES = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}


def link_to_ansible(_app, _env, node, contents):
    """Return the link for a label that only Ansible's own documentation has."""
    page = ANSIBLE_PAGES.get(node["reftarget"])
    return nodes.reference("", "", contents, refuri=ANSIBLE + page) if page else None


def setup(app):
    """Register the function with Sphinx."""
    app.connect("missing-reference", link_to_ansible)

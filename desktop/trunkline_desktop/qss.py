"""The one style sheet: fills, borders, text. What it cannot tint is drawn in ``style``."""

from __future__ import annotations

from string import Template

TEMPLATE = Template("""
QWidget { color: $text; selection-background-color: $accent; selection-color: $on_accent; }
QMainWindow, QDialog, *[part="Page"], *[part="PageBody"],
*[part="PageViewport"] { background: $window; }
QLabel { background: transparent; }
QToolTip { background: $surface; color: $text; border: 1px solid $border; padding: 6px 8px; }

QLabel[role="hero"] { $font_hero }
QLabel[role="title"] { $font_title }
QLabel[role="card"] { $font_card }
QLabel[role="body"] { $font_body }
QLabel[role="strong"] { $font_strong }
QLabel[role="button"] { $font_button }
QLabel[role="caption"] { $font_caption }
QLabel[role="head"] { $font_head }
QLabel[role="code"] { font-family: "$mono"; $font_code }
QLabel[tone="text2"] { color: $text2; }
QLabel[tone="text3"] { color: $text3; }
QLabel[tone="accent"] { color: $accent; }
QLabel[tone="running"] { color: $running; }
QLabel[tone="failed"] { color: $failed; }
QLabel[tone="attention"] { color: $attention; }
QLabel[tone="production"] { color: $production; }
QLabel[tone="staging"] { color: $staging; }
QLabel[tone="test"] { color: $test; }

*[part="Sidebar"] { background: $sidebar; border: none; border-right: 1px solid $border; }
*[part="Sidebar"][mirrored="true"] { border-right: none; border-left: 1px solid $border; }
*[part="Card"], *[part="AppCard"] {
  background: $surface; border: 1px solid $border; border-radius: 8px; }
*[part="AppCard"][chosen="true"] { border: 2px solid $accent; }
*[part="AppCard"][compact="true"] { background: transparent; border: none; }
*[part="FoldedSection"] { background: $surface; border: 1px solid $border; border-radius: 8px; }
*[part="Footer"] { background: $window; border: none; border-top: 1px solid $border; }
*[part="Drawer"] { background: $surface; border: none; border-left: 1px solid $border; }
*[part="Drawer"][mirrored="true"] { border-left: none; border-right: 1px solid $border; }
*[part="DrawerBody"], *[part="DrawerViewport"] { background: $surface; }
*[part="Separator"] { background: $border; border: none; max-height: 1px; min-height: 1px; }
*[part="Toast"] { background: $surface; border: 1px solid $control; border-radius: 8px; }

*[part="Tag"] { border-radius: 4px; padding: 2px 8px; $font_head }
*[part="Tag"][label="production"] { color: $production; background: $production_soft; }
*[part="Tag"][label="staging"] { color: $staging; background: $staging_soft; }
*[part="Tag"][label="test"] { color: $test; background: $test_soft; }

*[part="InlineMessage"] { border: none; border-radius: 8px; }
*[part="InlineMessage"][kind="info"] { background: $accent_soft; }
*[part="InlineMessage"][kind="ok"] { background: $running_soft; }
*[part="InlineMessage"][kind="attention"] { background: $attention_soft; }
*[part="InlineMessage"][kind="failed"] { background: $failed_soft; }

QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox {
  background: $surface; border: 1px solid $control; border-radius: 6px;
  placeholder-text-color: $text3; $font_body }
QLineEdit, QAbstractSpinBox { padding: 0 11px; min-height: 30px; }
QPlainTextEdit, QTextEdit { padding: 5px 8px; }
QLineEdit:focus, QAbstractSpinBox:focus {
  border: 2px solid $accent; padding: 0 10px; min-height: 28px; }
QPlainTextEdit:focus, QTextEdit:focus { border: 2px solid $accent; padding: 4px 7px; }
QLineEdit[problem="true"] { border: 2px solid $failed; padding: 0 10px; min-height: 28px; }
QLineEdit[problem="true"]:focus { border: 2px solid $accent; }
QLineEdit:disabled, QPlainTextEdit:disabled, QTextEdit:disabled, QAbstractSpinBox:disabled {
  background: $hover; color: $text3; border: 1px solid $border; }
QLineEdit[tall="true"] { min-height: 42px; $font_body }
QLineEdit[tall="true"]:focus { min-height: 40px; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { width: 0; border: none; }
QAbstractSpinBox QLineEdit, QComboBox QLineEdit { border: none; padding: 0; min-height: 0; }

QPushButton { background: $surface; color: $text; border: 1px solid $control;
  border-radius: 6px; padding: 0 12px; min-height: 30px; $font_button }
QPushButton:hover { background: $hover; }
QPushButton:pressed { background: $hover; border-color: $text2; }
QPushButton:disabled { background: $hover; color: $text3; border-color: $hover; }
QPushButton[small="true"] { min-height: 26px; padding: 0 12px; }
QPushButton[tall="true"] { min-height: 42px; }
QPushButton[kind="primary"] { background: $accent; color: $on_accent;
  border-color: $accent; padding: 0 16px; font-weight: 600; }
QPushButton[kind="primary"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton[kind="primary"]:pressed { background: $accent_press; border-color: $accent_press; }
QPushButton[kind="primary"]:disabled { background: $hover; color: $text3; border-color: $hover; }
QPushButton[kind="danger"] { color: $failed; border-color: $failed; }
QPushButton[kind="danger"]:hover { background: $failed_soft; }
QPushButton[kind="danger"]:pressed { background: $failed_soft; border-color: $text; }
QPushButton[kind="danger"]:disabled { color: $text3; border-color: $hover; background: $hover; }
QPushButton[kind="link"] { background: transparent; color: $accent; border-color: transparent;
  padding: 0 2px; }
QPushButton[kind="link"]:hover { color: $accent_hover; text-decoration: underline; }
QPushButton[kind="link"]:pressed { color: $accent_press; }
QPushButton[kind="link"]:disabled { color: $text3; background: transparent; }
QPushButton[kind="ghost"] { background: transparent; color: $text2; border-color: transparent;
  padding: 0 7px; }
QPushButton[kind="ghost"]:hover { background: $hover; }
QPushButton[kind="ghost"]:pressed { background: $hover; border-color: $control; }
QPushButton[kind="ghost"]:disabled { color: $text3; background: transparent; }
QPushButton::menu-indicator { width: 0; image: none; }

*[part="SegmentedControl"] { background: $hover; border: none; border-radius: 8px; }
QPushButton[kind="segment"] { background: transparent; color: $text2;
  border: 1px solid transparent; border-radius: 6px; padding: 0 13px; min-height: 26px; }
QPushButton[kind="segment"]:hover { color: $text; background: transparent; }
QPushButton[kind="segment"]:checked { background: $raised; color: $text; font-weight: 600;
  border-color: $border; }
QPushButton[kind="segment"]:disabled { color: $text3; background: transparent; }

QToolButton { background: transparent; border: 1px solid transparent; border-radius: 6px;
  padding: 3px; }
QToolButton:hover { background: $hover; }
QToolButton:pressed { border-color: $control; }
QToolButton::menu-indicator { image: none; width: 0; }

*[part="CopyField"] { background: $sunken; border: 1px solid $border; border-radius: 6px; }
*[part="CopyField"] QLineEdit { background: transparent; border: none; padding: 0;
  font-family: "$mono"; $font_code }
*[part="Code"] { background: $sunken; border: 1px solid $border; border-radius: 6px;
  font-family: "$mono"; $font_code padding: 8px; }
*[part="Code"]:focus { border: 2px solid $accent; padding: 7px; }
*[part="DiffFrame"] { background: $sunken; border: 1px solid $border; border-radius: 6px; }
*[part="DiffText"], *[part="DiffText"]:focus { background: transparent; border: none; padding: 0;
  font-family: "$mono"; $code_small }

QCheckBox, QRadioButton { spacing: 8px; background: transparent; }
QCheckBox:disabled, QRadioButton:disabled { color: $text3; }
QComboBox { $font_body }
QComboBox QAbstractItemView { background: $surface; border: 1px solid $control;
  selection-background-color: $selected; selection-color: $text; outline: none; padding: 4px; }

QScrollArea { background: transparent; border: none; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: 12px; margin: 0; border: none; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 0; border: none; }
QScrollBar::handle { background: $control; border-radius: 4px; }
QScrollBar::handle:hover { background: $text3; }
QScrollBar::handle:vertical { min-height: 32px; margin: 2px; }
QScrollBar::handle:horizontal { min-width: 32px; margin: 2px; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; border: none; background: none; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QProgressBar { background: $hover; border: none; border-radius: 2px; max-height: 4px;
  min-height: 4px; }
QProgressBar::chunk { background: $accent; border-radius: 2px; }

QListView, QTreeView, QTableView { background: $surface; border: 1px solid $border;
  border-radius: 8px; outline: none; selection-background-color: $selected;
  selection-color: $text; alternate-background-color: $surface; gridline-color: $border; }
QListView[flat="true"], QTreeView[flat="true"], QTableView[flat="true"] {
  background: transparent; border: none; }
QTreeView::item:hover, QListView::item:hover, QTableView::item:hover { background: $hover; }
QTreeView::item:selected, QListView::item:selected, QTableView::item:selected {
  background: $selected; color: $text; }
QHeaderView { background: transparent; border: none; }
QHeaderView::section { background: transparent; color: $text2; border: none;
  border-bottom: 1px solid $border; padding: 0 12px; min-height: 32px; $font_head }
QTableCornerButton::section { background: transparent; border: none; }

QMenu { background: $surface; border: 1px solid $border; border-radius: 8px; padding: 5px; }
QMenu::item { padding: 6px 24px 6px 8px; border-radius: 6px; color: $text; }
QMenu::item:selected { background: $selected; }
QMenu::item:disabled { color: $text3; }
QMenu::icon { padding-left: 8px; }
QMenu::separator { height: 1px; background: $border; margin: 4px 8px; }
QSplitter::handle { background: $border; }
""")

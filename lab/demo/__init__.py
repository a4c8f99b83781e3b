"""The demo month: July 2022 in Hanyin, told by invented reports and the parties who act on them."""

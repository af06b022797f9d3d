"""Everything of Trunkline that works without a screen."""

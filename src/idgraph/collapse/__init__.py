"""collapse"""

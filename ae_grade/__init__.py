"""What instructors run: build an exercise sheet, grade a pile of submissions."""

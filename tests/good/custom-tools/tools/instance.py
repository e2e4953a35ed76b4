from crewai_tools import FileReadTool

instance = FileReadTool(file_path="notes.txt")

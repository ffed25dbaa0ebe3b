namespace TestFrameworkShared
{
    /// <summary>What a failed assertion throws, in the namespace where nanoFramework.TestFramework has it.</summary>
    public class AssertFailedException : Microsoft.VisualStudio.TestTools.UnitTesting.AssertFailedException
    {
        /// <summary>Makes one.</summary>
        /// <param name="msg">Which assertion, and why.</param>
        public AssertFailedException(string msg)
            : base(msg)
        {
        }
    }
}
